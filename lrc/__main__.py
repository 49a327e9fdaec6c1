"""`python -m lrc` is `lrc`."""

from lrc.cli import main

if __name__ == "__main__":
    main()
