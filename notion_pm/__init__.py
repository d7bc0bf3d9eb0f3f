"""Product management in Notion: provision, sync and export vision, customer insights and feature
specs.
"""

__version__ = "0.1.0"
