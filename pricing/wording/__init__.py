"""The engine's behavior in words and as data, each phrased in one place for pages, documents, files and programs.

Plain values in, sentences out; a test calculates prices from the sentences and compares them with the engine's amounts.
"""
