"""What the output of a chapter's cell depends on: the digits, training, the clock, or nothing.

A picture that depends on nothing must look the same with either data set; one of the digits only
where the same digits are loaded; and one of a trained network roughly, since training differs in
the last bits between machines. This reads the code of a chapter from top to bottom, and follows the
names. In doubt it says that a cell depends on more than it does.
"""

import ast

DATA, TRAINING, TIME = "data", "training", "time"
CHOICE = "choice"  # of what is largest or worst: a small change may bring up another one
SOURCES = {
    "load_digits28": DATA,
    "load_mnist": DATA,
    "load_bundled": DATA,
    "find_zipcodes": TIME,  # they are here or not
    "load_fashion28": TIME,  # whether it is to be had changes from day to day
    "load_model": TRAINING,
    "argsort": CHOICE,
    "unravel_index": CHOICE,
    "best_patches": CHOICE,
    "plot_mistakes": CHOICE,
    "Clock": TIME,
    "seconds": TIME,
    "perf_counter": TIME,
    "monotonic": TIME,
    "process_time": TIME,
}
STRUCTURE = {"layer_table", "count_params"}  # of a network, whatever its weights are


def origins(cells):
    """Return, for each code cell of a notebook by its id, the set of what its output depends on."""
    names = {}  # what each name of the chapter depends on
    imported = set()
    found = {}
    for cell in cells:
        if cell.cell_type == "code" and "setup" not in cell.metadata.get("tags", []):
            try:
                steps = ast.parse(cell.source).body
            except SyntaxError:  # a magic of IPython, and who knows what it does
                found[cell.id] = {DATA, TRAINING, TIME}
                continue
            found[cell.id] = _follow(steps, names, imported, set())
    return found


def _follow(steps, names, imported, because):
    """Take over what statements do to the names; return what they depend on.

    `because` is what it depends on whether they are run at all.
    """
    kinds = set(because)
    for step in steps:
        if isinstance(step, ast.Import | ast.ImportFrom):
            imported |= {name.asname or name.name.partition(".")[0] for name in step.names}
        elif isinstance(step, ast.FunctionDef | ast.ClassDef):
            names[step.name] = _kinds(step, names)  # it shows nothing until it is called
        elif isinstance(step, ast.For):
            over = _kinds(step.iter, names) | because
            _store(step.target, over, names)
            for _ in range(2):  # what a turn of the loop leaves behind, the next one finds
                kinds |= _follow(step.body, names, imported, over)
        elif isinstance(step, ast.If | ast.With | ast.Try):
            asked = _kinds(step.test, names) if isinstance(step, ast.If) else set()
            for item in getattr(step, "items", []):
                asked |= _kinds(item.context_expr, names)
            blocks = [step.body, getattr(step, "orelse", []), getattr(step, "finalbody", [])]
            blocks += [handler.body for handler in getattr(step, "handlers", [])]
            for block in blocks:
                kinds |= _follow(block, names, imported, because | asked)
        else:
            here = _kinds(step, names) | because
            kinds |= here
            for name in _changed(step) - imported - {None}:
                names[name] = names.get(name, set()) | here
            for target in step.targets if isinstance(step, ast.Assign) else []:
                _store(target, here, names)
    return kinds


def _store(target, kinds, names):
    """Give a name a new value: what the old one depended on is forgotten."""
    if isinstance(target, ast.Name):
        names[target.id] = set(kinds)
    for part in getattr(target, "elts", []):
        _store(part, kinds, names)


def _changed(step):
    """Return the names whose things a statement changes: ``x[0] = …``, ``rows.append(x)``."""
    changed = set()
    for part in ast.walk(step):
        if isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store):
            changed.add(_base(part))
        elif isinstance(part, ast.AugAssign):
            changed.add(_base(part.target))
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            changed.add(_base(part.func))
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and _trains(part):
            changed |= {_base(one) for one in part.args[:1]}  # train(model, …)
    return changed


def _trains(call):
    return _called(call).startswith(("train", "fit"))


def _called(call):
    """Return the last word of what is called."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _base(node):
    """Return the name at the bottom of ``a.b[c].d``, or None."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _locals(node):
    """Return the names that a function, a lambda or a comprehension has for itself."""
    own = set()
    for part in ast.walk(node):
        if isinstance(part, ast.comprehension):
            own |= {one.id for one in ast.walk(part.target) if isinstance(one, ast.Name)}
        elif isinstance(part, ast.arg):
            own.add(part.arg)
        elif isinstance(part, ast.FunctionDef):
            own |= {
                one.id
                for one in ast.walk(part)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            }
    return own


def _kinds(node, names):
    """Return what a piece of code depends on, by its names and by what it calls."""
    own, kinds, todo = _locals(node), set(), [node]
    while todo:
        part = todo.pop()
        if isinstance(part, ast.Call):
            if _called(part) in STRUCTURE:
                continue
            kinds |= {SOURCES[_called(part)]} if _called(part) in SOURCES else set()
            kinds |= {TRAINING} if _trains(part) else set()
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id not in own:
            kinds |= names.get(part.id, set())
        todo += ast.iter_child_nodes(part)
    return kinds
