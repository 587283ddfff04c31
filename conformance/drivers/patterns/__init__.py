"""Libraries under test: what application patterns promise, asked of any library.

library     what an adapter offers, and how it is found by name
world       the time, chance and folders that a library under test lives in
tester      what a test holds in its hands
programs    libraries of other languages: the same calls as JSON lines
readiness   whether a library is there, and which version
contracts/  the vocabulary of each pattern
adapters/   one module for each library
"""
