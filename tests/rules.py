"""The rules that the package's code keeps: each is a method that returns what breaks it."""

import ast
import contextlib
import functools
import graphlib
import importlib
import inspect
import io
import re
import tokenize

LINES = 400  # of a module, which can be read in one sitting
CODE = 60  # lines of a function, without its docstring, comments and empty lines
#: What may load a module by its name.
LOADERS = {"import_module", "__import__"}


def read_map(text):
    """Return the rows of the map in CONTRIBUTING.md: {layer: {module: its question}}.

    A module that begins with a dot belongs to the package that was named before it.
    """
    table = re.search(r"^\| layer \|.*?\n\n", text, re.DOTALL | re.MULTILINE).group()
    layers = {}
    for row in table.strip().splitlines()[2:]:
        layer, names, questions = (cell.strip() for cell in row.strip("|").split("|"))
        modules, package = [], ""
        for name in re.findall(r"`([\w.]+)`", names):
            package = package if name.startswith(".") else name
            modules.append(f"{package}{name}" if name.startswith(".") else name)
        layers[layer] = dict(zip(modules, questions.split(" · "), strict=True))
    return layers


class House:
    """A package, and the layers that its modules lie in, from the ground up.

    Modules are called by their names without the package's own in front; that one is ``""``.
    """

    def __init__(self, folder, layers):
        self.folder, self.package, self.layers = folder, folder.name, layers
        files = (file.relative_to(folder).with_suffix("") for file in folder.rglob("*.py"))
        names = {".".join(file.parts).removesuffix("__init__").rstrip(".") for file in files}
        self.modules = sorted(names - {""})
        self.tree = functools.cache(lambda name: ast.parse(self.text(name)))

    def path(self, name):
        """Return the file of a module, or of a package."""
        path = self.folder.joinpath(*name.split("."))
        return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")

    def text(self, name):
        return self.path(name).read_text(encoding="utf-8")

    def module(self, name):
        """Import a module, and return it."""
        return importlib.import_module(f"{self.package}.{name}")

    # ----------------------------------------------------------------------- imports

    def imports(self, name):
        """Return the modules that a module imports, at any depth of its code.

        Whoever imports ``a.b`` imports the package ``a`` as well, unless he is inside of it.
        """
        found = {
            target for node in ast.walk(self.tree(name)) for target in self._targets(node, name)
        }
        for target in list(found):
            parents = [target[: dot.start()] for dot in re.finditer(r"\.", target)]
            found |= {parent for parent in parents if not f"{name}.".startswith(f"{parent}.")}
        return found - {"", name}

    def _targets(self, node, name):
        """Yield what one node of a module's tree imports of the package."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from self._resolve(alias.name)
        if isinstance(node, ast.ImportFrom):
            base = self.absolute("." * node.level + (node.module or ""), name)
            for alias in node.names:
                yield from self._resolve(f"{base}.{alias.name}")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from self._resolve(node.value, exactly=True)  # for importlib, or for python -m
            if node.value.startswith(f"{self.package}.") and node.value.endswith("."):
                yield f"{node.value}..."  # put together while it runs: nobody can tell, so no layer
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in LOADERS:
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and str(part.value).startswith("."):
                    yield from self._resolve(self.absolute(part.value, name), exactly=True)

    def absolute(self, written, name):
        """Return the whole name of what a module calls ``..a.b``."""
        level = len(written) - len(written.lstrip("."))
        if not level:
            return written
        around = [self.package, *name.split(".")] if name else [self.package]
        inside = self.path(name).name == "__init__.py" if name else True
        around = around[: len(around) - level + inside]
        return ".".join([*around, written.lstrip(".")]).rstrip(".")

    def _resolve(self, written, exactly=False):
        """Yield the module that a whole name leads to, or in which it leads to something."""
        first, _, rest = written.partition(".")
        if first != self.package:
            return
        if rest in self.modules:
            yield rest
        elif not exactly:
            yield rest.rpartition(".")[0]

    def upward(self, name):
        """Return what a module imports from a layer above its own; the package itself is lowest."""
        rows = list(self.layers.values())
        place = next((number for number, row in enumerate(rows) if name in row), 0)
        return sorted(self.imports(name) - {below for row in rows[: place + 1] for below in row})

    def circle(self):
        """Return modules that import each other in a circle, or nothing."""
        try:
            graphlib.TopologicalSorter({one: self.imports(one) for one in self.modules}).prepare()
        except graphlib.CycleError as error:
            return error.args[1]
        return []

    # ----------------------------------------------------------------------- length

    def too_long(self, name):
        """Return what of a module is too long to be read at once."""
        text = self.text(name)
        count = len(text.splitlines())
        found = [f"{name} has {count} lines"] if count > LINES else []
        code = lines_of_code(text)
        for node in ast.walk(self.tree(name)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = len(code & {*range(node.lineno, node.end_lineno + 1)})
                found += [f"{name}.{node.name} has {length} lines of code"] if length > CODE else []
        return found

    # ----------------------------------------------------------------------- documentation

    def undocumented(self, name):
        """Return what the docstrings of a module's public names leave out."""
        module = self.module(name)
        found = [] if module.__doc__ else [name]
        for key, value in vars(module).items():
            value = inspect.unwrap(value) if callable(value) else value
            if key.startswith("_") or getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isfunction(value):
                found += _left_out(f"{name}.{key}", value, value.__doc__)
            elif inspect.isclass(value):
                found += _left_out_of_class(f"{name}.{key}", value, self.package)
        return found


def _left_out_of_class(where, kind, package):
    """Return what a class's docstring leaves out of its constructor, and those of its methods."""
    text, found = inspect.getdoc(kind) or "", []
    if not kind.__dict__.get("__doc__"):
        found.append(where)
    if "__init__" in vars(kind):
        also = documented(text, "Attributes") if hasattr(kind, "__dataclass_fields__") else set()
        found += _left_out(where, kind.__init__, text or "-", also | {"self"})
    foreign = [base for base in kind.__mro__ if base.__module__.split(".")[0] != package]
    for key, value in vars(kind).items():
        value = getattr(value, "__func__", value)  # of a class method
        if key.startswith("_") or not inspect.isfunction(value):
            continue
        if key in getattr(kind, "__dataclass_fields__", ()):  # its default is a function
            continue
        # What overrides a method of Keras takes what Keras says that it takes.
        given = any(hasattr(base, key) for base in foreign)
        known = {*inspect.signature(value).parameters} if given else {"self", "cls"}
        found += _left_out(f"{where}.{key}", value, value.__doc__, known)
    return found


def _left_out(where, function, text, known=()):
    """Return what a docstring leaves out of a function."""
    if not text:
        return [where]
    text = inspect.cleandoc(text)
    taken = {*inspect.signature(function).parameters} - set(known)
    found = [f"{where}: {one}" for one in sorted(taken - documented(text, "Parameters"))]
    with contextlib.suppress(OSError):  # a dataclass has made it
        if "raise ValueError" in inspect.getsource(function) and "Raises\n---" not in text:
            found.append(f"{where}: Raises")
    return found


def documented(text, title):
    """Return the names that a section of a numpydoc text explains."""
    section = re.search(
        rf"^{title}\n-+\n(.*?)(?=^\w[^\n]*\n-+\n|\Z)", text, re.DOTALL | re.MULTILINE
    )
    heads = re.findall(r"^(\S[^:\n]*?)(?: :.*)?$", section[1], re.MULTILINE) if section else []
    return {name.strip().strip("*") for head in heads for name in head.split(",")}


def lines_of_code(text):
    """Return the numbers of the lines that hold code: no comment, no docstring, no empty line."""
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in quiet and token.type != tokenize.ENDMARKER:
            found |= {*range(token.start[0], token.end[0] + 1)}
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, kinds) and ast.get_docstring(node):
            found -= {*range(node.body[0].lineno, node.body[0].end_lineno + 1)}
    return found
