"""The signs and tags of Notion-flavoured Markdown, shared by the export and the local workspace.

The two read it for different purposes. The local workspace accepts everything that people may send
(`+ item`, pipe tables, fenced divs) and makes blocks of it. The export reads only what Notion
writes, where `+ item` is text, and keeps what blocks do not contain: the address of a bookmark, the
content of a synced block. So both use one syntax, but not one tree.

Format: https://developers.notion.com/guides/data-apis/enhanced-markdown
"""
