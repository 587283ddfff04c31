"""From outcomes to reports. Everything here is a function of results.json.

verdicts    what a test's outcome means, and what a requirement's tests mean together
results     results.json: the record of a run, written while it goes on
junit       JUnit XML, for CI systems
allure      labels, links and attachments for allure-pytest
matrix      index.html: targets x requirements
summary     Markdown and terminal tables
"""
