"""Runs the suites on one target: pytest with a plugin that turns outcomes into verdicts.

options     what a run was asked to do, handed to pytest and its workers as one JSON text
plugin      pytest hooks: selection, applicability, verdicts, evidence
fixtures    what tests ask for: `amqp`
properties  `holds_for`: properties over drawn inputs, with the run's seed and budget
run         one run from start to exit code
progress    the bar, the table and the failures on the terminal
"""
