"""`python -m pywhispercpp`: the command line."""

import sys

from pywhispercpp.cli import main

sys.exit(main())
