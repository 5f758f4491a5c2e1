"""What the engine does if PostgreSQL stalls: no reply, no refusal, no broken connection.

A server that refuses or goes down breaks its connections, and everything continues from there. If it freezes, or its
machine vanishes, every caller keeps waiting: psycopg2 has no timeout for a reply.
"""
