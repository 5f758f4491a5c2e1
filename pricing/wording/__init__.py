"""What the engine does, in words and as data: each thing is said in one place, for every page, paper, file and program.

Plain values in, sentences out; a test prices by what the sentences say and finds the engine's amounts.
"""
