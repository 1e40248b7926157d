"""A plain list: `NAME=ADDRESS` a line, or a name alone; # begins a comment."""

from stalplan.model.inventories.asked import Asked, InventoryWrong, asked


def read_list(text: str, file: str) -> list[Asked]:
    """The nodes in order. Raises InventoryWrong with the line."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        name, equals, place = (part.strip() for part in entry.partition("="))
        try:
            found.append(asked(name, place if equals else name))
        except ValueError as error:
            raise InventoryWrong(f"{file}:{number}: {error}") from error
    return found
