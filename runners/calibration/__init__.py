"""How exact the load generator is: a server that sends tokens at known times, and the client held against it."""
