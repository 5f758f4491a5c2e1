"""What the engine does while PostgreSQL says nothing at all: no answer, no refusal, no broken connection.

A server that refuses or goes down breaks its connections, and everything goes on from there. One that is frozen, or whose
machine has vanished, leaves everybody waiting who has asked it for something: psycopg2 has no time limit for an answer.
"""
