"""The garbage collector's view of a process that has started."""

import gc


def settle() -> None:
    """Take what start-up made, which lives as long as the process, out of every later collection.

    A full collection stops the event loop for as long as it takes to look at every object; modules, the catalogue, the
    API's description and Redis' command table are most of them.
    """
    gc.collect()
    gc.freeze()
