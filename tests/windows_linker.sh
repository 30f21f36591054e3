#!/bin/sh
# Called by gcc in place of its linker (-wrapper), with the linker's name and its arguments. GNU ld
# takes minutes for the tests' many sections, and gcc finds no other linker for Windows by itself.
shift
exec ld.lld "$@"
