"""``python -m neuromorph.cli``: the same as the ``neuromorph`` command."""

from neuromorph.cli.app import main

if __name__ == "__main__":
    main()
