"""Make the environment of a runtime: what to install on this box, install it, prove that it works, take it into use."""
