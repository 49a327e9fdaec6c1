"""The passes of lrc, a file each, named as on the command line."""
