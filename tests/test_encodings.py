"""Every file is read and written in UTF-8, whatever encoding the machine has."""

import ast

from contents import code_of, sources

TEXT = ("read_text", "write_text")


def opens_text(call):
    """Return whether a call opens a file as text: open(file, mode), or path.open(mode)."""
    mode = [key.value for key in call.keywords if key.arg == "mode"]
    mode = mode or call.args[isinstance(call.func, ast.Name) :][:1]
    return not mode or "b" not in getattr(mode[0], "value", "b")


def leaves_encoding_open(call):
    """Return whether a call reads or writes text in whatever encoding the machine has."""
    named = {key.arg: getattr(key.value, "value", None) for key in call.keywords}
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if "encoding" in named:
        return False
    if name == "open":
        of_a_module = isinstance(getattr(call.func, "value", None), ast.Name)
        module = call.func.value.id if of_a_module else ""
        return module not in ("Image", "gzip", "os", "tokenize") and opens_text(call)
    positional = len(call.args) > (name == "write_text")
    return (name in TEXT and not positional) or named.get("text") is True


def test_no_file_and_no_program_is_read_in_the_machine_s_own_encoding():
    for file, name in sources():
        if file.suffix == ".py":
            for node in ast.walk(ast.parse(code_of(file))):
                if isinstance(node, ast.Call):
                    assert not leaves_encoding_open(node), f"{name}:{node.lineno}"


def test_the_eye_sees_what_leaves_the_encoding_open():
    for code, seen in (
        ("open(file)", True),
        ("open(file, 'rb')", False),
        ("file.open('w', newline='')", True),
        ("file.open('rb')", False),
        ("file.read_text()", True),
        ("file.read_text('utf-8')", False),
        ("file.write_text(words)", True),
        ("file.write_text(words, encoding='utf-8')", False),
        ("subprocess.run(command, text=True)", True),
        ("subprocess.run(command, encoding='utf-8')", False),
        ("Image.open(file)", False),
    ):
        assert leaves_encoding_open(ast.parse(code).body[0].value) is seen, code
