"""What a DVC stage does around Snakemake: `restore SCALE` before it, `record SCALE` after it."""

import argparse
from pathlib import Path

from showtell.project.sharing.records import record, restore


def main() -> None:
    """Run one of the two, in the repository's root."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["record", "restore"])
    parser.add_argument("scale")
    options = parser.parse_args()
    if options.verb == "record":
        record(Path.cwd(), options.scale)
    else:
        restore(Path.cwd(), options.scale)


if __name__ == "__main__":
    main()
