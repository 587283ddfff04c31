"""Bugs planted in the reference from outside its code, and the requirements that must notice them.

mutant      what a mutant is, and how it is planted and taken out again
amqp/       the mutants, one file a topic
runner      plants one and runs the requirements that it should kill
served      the same with the mutated broker in a process of its own, by its URL
__main__    `make mutants`
"""
