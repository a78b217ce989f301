"""`python -m verify`: the command line."""

from verify.cli import main

if __name__ == "__main__":
    main()
