"""Statistics as pure functions: arrays in, frozen results out. Imports nothing, so that planning starts fast."""
