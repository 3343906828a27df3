"""Print a script that lets the shell complete Clearway's commands.

Examples:
  clearway completion bash > /etc/bash_completion.d/clearway
  source <(clearway completion zsh)
"""

import argparse

from clearway import cli

BASH = """\
_clearway() {{
    local words="{words}"
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _clearway clearway
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For which shell."""
    parser.add_argument("shell", choices=("bash", "zsh"), help="the shell to complete in")


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    words = sorted({word for name in cli.names() for word in name.split()})
    start = "autoload -Uz bashcompinit && bashcompinit\n" if arguments.shell == "zsh" else ""
    print(start + BASH.format(words=" ".join(words)), end="")
    return 0
