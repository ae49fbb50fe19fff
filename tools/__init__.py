"""How things that ship with the project were made and are checked; not part of the wheel."""
