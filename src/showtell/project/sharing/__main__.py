"""What a DVC stage does around Snakemake: `restore mini` before it, `record mini` after it."""

import argparse
from pathlib import Path

from showtell.project.sharing.records import record, restore


def main() -> None:
    """Run one of the two, in the repository's root."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["record", "restore"])
    parser.add_argument("replicate")
    options = parser.parse_args()
    if options.verb == "record":
        record(Path.cwd(), options.replicate)
    else:
        restore(Path.cwd(), options.replicate)


if __name__ == "__main__":
    main()
