"""The languages of Notion's code block, and what people call them in Markdown."""

from __future__ import annotations

PLAIN_TEXT = "plain text"

# LanguageRequest of the official types (@notionhq/client 5.26).
LANGUAGES = frozenset(
    """abap,abc,agda,arduino,ascii art,assembly,bash,basic,bnf,c,c#,c++,clojure,coffeescript,coq,
css,dart,dhall,diff,docker,ebnf,elixir,elm,erlang,f#,flow,fortran,gherkin,glsl,go,graphql,
groovy,haskell,hcl,html,idris,java,javascript,json,julia,kotlin,latex,less,lisp,
livescript,llvm ir,lua,makefile,markdown,markup,matlab,mathematica,mermaid,nix,
notion formula,objective-c,ocaml,pascal,perl,php,plain text,powershell,prolog,protobuf,
purescript,python,r,racket,reason,ruby,rust,sass,scala,scheme,scss,shell,smalltalk,
solidity,sql,swift,toml,typescript,vb.net,verilog,vhdl,visual basic,webassembly,xml,yaml,
java/c/c++/c#""".replace("\n", "").split(",")
)

_ALIASES = {
    "cpp": "c++",
    "cs": "c#",
    "csharp": "c#",
    "dockerfile": "docker",
    "golang": "go",
    "js": "javascript",
    "jsx": "javascript",
    "kt": "kotlin",
    "make": "makefile",
    "md": "markdown",
    "objc": "objective-c",
    "ps1": "powershell",
    "py": "python",
    "rb": "ruby",
    "rs": "rust",
    "sh": "shell",
    "tex": "latex",
    "ts": "typescript",
    "tsx": "typescript",
    "yml": "yaml",
    "zsh": "shell",
}


def language(info: str) -> str:
    """Return Notion's name of the language after a code fence; an unknown one is plain text."""
    name = info.strip().lower()
    name = _ALIASES.get(name, name)
    return name if name in LANGUAGES else PLAIN_TEXT
