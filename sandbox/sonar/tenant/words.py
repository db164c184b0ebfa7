"""Word lists for invented names and places; nobody in them exists."""

from __future__ import annotations

FIRST_NAMES = (
    "Ada", "Amos", "Bea", "Birch", "Cleo", "Corin", "Dara", "Dell", "Edda", "Elm", "Fern", "Flint",
    "Gale", "Greer", "Hale", "Hazel", "Ines", "Ivo", "Joss", "Juna", "Kit", "Kora", "Lark", "Linus",
    "Mabel", "Milo", "Nell", "Nico", "Opal", "Orrin", "Pia", "Quill", "Reed", "Rhea", "Sage", "Sol",
    "Tansy", "Thea", "Una", "Vale", "Wren", "Yara",
)  # fmt: skip
LAST_NAMES = (
    "Alderbrook", "Ashcombe", "Barleyfield", "Birchwater", "Brambleton", "Cloverdell", "Copperton",
    "Dawnfield", "Elderwick", "Fallowmere", "Fernhollow", "Foxbridge", "Gladewater", "Greywether",
    "Hartsbrook", "Hazelmoor", "Ironwell", "Juniperton", "Kestrelby", "Larkspurr", "Mapleworth",
    "Marshbank", "Nettlefold", "Oakenshaw", "Pinecroft", "Quarrington", "Ravenmoor", "Rowanbeck",
    "Saltmarsh", "Silverleigh", "Thistleby", "Underhollow", "Vinecross", "Wheatley-Moss",
    "Willowgate", "O'Yarrow", "Zephyrine", "Núñez-Encina", "Østerlund-Bay", "Škodamere",
)  # fmt: skip
TRADES = (
    "Bakery", "Dental", "Feed & Supply", "Hardware", "Motors", "Nursery", "Orchards", "Outfitters",
    "Plumbing", "Print Shop", "Ranch", "Realty", "Storage", "Veterinary", "Vineyard", "Welding",
)  # fmt: skip
OFFICES = ("County Library", "Fire District", "School District", "Town Hall", "Water Board")
TOWNS = (
    "Alder Creek", "Barley Flats", "Cedar Hollow", "Dry Fork", "Eagle Bluff", "Foxglove",
    "Granite Springs", "Hickory Bend", "Iron Gap", "Juniper Mesa", "Kettle Pass", "Lone Poplar",
)  # fmt: skip
STREETS = (
    "Antler Trail", "Bluebonnet Lane", "County Road 12", "Deer Run", "Elm Street", "Fence Road",
    "Gravel Pit Road", "High Meadow Drive", "Island View", "Jackrabbit Way", "Kiln Street",
    "Lantern Court", "Mill Pond Road", "North Ridge Road", "Old Ferry Road", "Prairie Avenue",
)  # fmt: skip
LONG_TOWN = "Saint Bartholomew of the Seven Springs"
ROLES = ("Owner", "Billing", "Office Manager", "Tenant", "Spouse", "IT")
EMOJI = ("🌵", "📡", "🐝", "🚜", "🏔️")
