"""How large a model becomes and what it does with its input, from its description alone.

Keras makes all weights of a model while it builds it, and two kilobytes can ask for gigabytes. So
each layer is gone through here first, in plain Python: its kind is on a list, and the shape of its
output, the number of its weights and its work follow from its numbers. A layer whose size can't be
told is refused.

On the way it is noted what becomes of the pixels before the first layer with weights sees them
(``Rescaling``, ``x / 255``): from that follows which values the model asks for.
"""

import json
import math
import operator

from ..._inputs import shown
from ...training.describe import without
from . import operations, windows  # noqa: F401 - they enter their rules
from .archive import DROPPED, ModelError
from .checked_layer import LAYERS, OPERATIONS, OURS, Layer, is_activation
from .flow import Trace, Values, dtype_of, is_size, part_of
from .our_layers import OUR_LAYERS

MAX_LAYERS = 1000
# Modules that a part may name, and what is taken from each.
MODELS = ("Sequential", "Functional", "Model")
INITIALIZERS = (
    "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform "
    "Ones Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros"
).split()
PARTS = {
    "keras": ("DTypePolicy", *MODELS),
    "keras.models": MODELS,
    "keras.src.models.functional": MODELS,
    "keras.src.models.sequential": MODELS,
    "keras.src.models.model": MODELS,
    "keras.dtype_policies": ("DTypePolicy",),
    "keras.initializers": INITIALIZERS,
    "keras.regularizers": ("L1", "L1L2", "L2", "OrthogonalRegularizer"),
    "keras.constraints": ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"),
}


def trace(config):
    """Go through a model's description.

    Parameters
    ----------
    config : dict
        As ``keras.saving.serialize_keras_object(model)`` returns it, and as ``config.json`` in a
        ``.keras`` file holds it.

    Returns
    -------
    Trace

    Raises
    ------
    ModelError
        If it is no description of a chain or a graph of layers that are known here, or if a limit
        of this module is passed. The message does not name the file.
    """
    found = Trace()
    try:
        _check_parts(config, found)
        if config.get("class_name") not in MODELS:
            raise ModelError("it describes no model of layers, but something else")
        inside = part_of(config, "config")
        found.name = str(inside.get("name"))
        outputs = _run_model(config, None, (), found)
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise ModelError(f"its description is damaged ({shown(repr(error))[:120]})") from None
    found.output_shape = outputs.shape
    return found


def trace_model(model):
    """Go through the description of a model that is there.

    Parameters
    ----------
    model : keras.Model
        Any.

    Returns
    -------
    Trace

    Raises
    ------
    ModelError
        As :func:`trace`.
    """
    import keras

    config = without(keras.saving.serialize_keras_object(model), DROPPED)
    return trace(json.loads(json.dumps(config)))  # as a file has it: tuples become lists


# --------------------------------------------------------------------------- what may be in it


def _check_parts(value, found):
    """Refuse a description that names a class or a function which is not on a list."""
    if isinstance(value, list):
        for inner in value:
            _check_parts(inner, found)
    if isinstance(value, dict):
        if "class_name" in value:
            _check_part(value)
            found.ours |= OURS in str(value.get("registered_name"))
            found.ours |= OURS in str(value.get("config"))[:40]
        for inner in value.values():
            _check_parts(inner, found)


def _check_part(part):
    name, module = part["class_name"], part.get("module")
    registered = part.get("registered_name")
    if not isinstance(name, str) or not isinstance(part.get("config"), (dict, str, type(None))):
        raise ModelError(f"its description is damaged: a class is called {shown(repr(name))[:60]}")
    if not isinstance(module, (str, type(None))) or not isinstance(registered, (str, type(None))):
        raise ModelError(f"its description is damaged: {shown(name)[:60]} has no proper module")
    if name == "__keras_tensor__":
        return
    if name == "function":
        good = is_activation(part["config"]) and module in ("builtins", "keras.activations", None)
        good = good and registered in (None, "function", part["config"])
    elif registered and registered.startswith(OURS):
        good = registered == OURS + name and (name in LAYERS or name == "FanInUniform")
        good = good and (module or "").split(".")[0] in ("lenet_tutorial", "")
    else:
        good = registered in (None, "", name) and _is_of_keras(module, name)
    if not good:
        raise ModelError(
            f"it holds {shown(name if name != 'function' else part['config'])[:80]!r}, which is no "
            "layer of Keras or of this package that is safe to load: a model file can run code, so "
            "use files that you or a friend have trained"
        )


def _is_of_keras(module, name):
    if name in OUR_LAYERS:
        return False
    if module in ("keras.layers", "keras.src.layers") or (module or "").startswith(
        "keras.src.layers."
    ):
        return name in LAYERS or name == "InputLayer"
    if module in ("keras.src.ops.numpy", "keras.src.ops.nn", "keras.ops"):
        return name in OPERATIONS
    if not module:  # old files name none: Keras looks in its own list
        return name in (*LAYERS, "InputLayer") or any(name in names for names in PARTS.values())
    return name in PARTS.get(module, ())


# --------------------------------------------------------------------------- the graph


def _run_model(part, inputs, path, found):
    """Take values through a model; without values, through the one whose input it names itself."""
    config = part_of(part, "config")
    layers = config.get("layers")
    if not isinstance(layers, list) or not layers:
        raise ModelError("its description is damaged: a model has no layers")
    if len(layers) > MAX_LAYERS:
        raise ModelError(f"it has more than {MAX_LAYERS} layers")
    if "input_layers" in config:
        return _run_graph(config, layers, inputs, path, found)
    return _run_chain(config, layers, inputs, path, found)


def _run_chain(config, layers, inputs, path, found):
    """Take values through a ``Sequential`` model."""
    if layers[0].get("class_name") == "InputLayer":
        own, layers = part_of(layers[0], "config"), layers[1:]
        values = _take_input(own, inputs, found)
    elif inputs is None:
        values = _take_input({"batch_shape": config.get("build_input_shape")}, None, found)
    else:
        values = inputs
        if config.get("build_input_shape"):
            _check_inner(config["build_input_shape"][1:], values.shape)
    for layer in layers:
        if layer.get("class_name") == "InputLayer":
            raise ModelError("its description is damaged: an input stands among the layers")
        values = _run_layer(layer, [values], path, found)
    return values


def _run_graph(config, layers, inputs, path, found):
    """Take values through a ``Functional`` model, each layer as soon as its inputs are there."""
    starts, ends = _ends(config["input_layers"]), _ends(config["output_layers"])
    if len(starts) != 1 or len(ends) != 1:
        raise ModelError(
            f"a network with one input and one output is needed; this one has {len(starts)} and "
            f"{len(ends)}"
        )
    made = {}  # the outputs of each layer, one for each time it is used
    waiting = []
    for layer in layers:
        name = layer["name"]
        if not isinstance(name, str) or name in made:
            raise ModelError("its description is damaged: two layers have one name")
        made[name] = []
        if layer["class_name"] == "InputLayer":
            if name != starts[0][0]:
                raise ModelError("a network with one input is needed; this one has more")
            made[name].append(_take_input(part_of(layer, "config"), inputs, found))
            continue
        nodes = [_sources(node) for node in layer["inbound_nodes"]]
        if not nodes or (len(nodes) > 1 and layer["class_name"] in MODELS):
            raise ModelError(f"the layer {shown(name)[:60]} is used {len(nodes)} times")
        waiting.append((layer, nodes))
    while waiting:
        left = []
        for layer, nodes in waiting:
            while nodes and all(_there(made, one) for one in nodes[0]):
                given = [_value(made, one) for one in nodes.pop(0)]
                made[layer["name"]].append(_run_layer(layer, given, path, found))
            if nodes:
                left.append((layer, nodes))
        if len(left) == len(waiting) and [len(n) for _, n in left] == [len(n) for _, n in waiting]:
            raise ModelError("its layers are not connected, or in a ring")
        waiting = left
    if not _there(made, ends[0]):
        raise ModelError("its output comes from no layer")
    return _value(made, ends[0])


def _ends(described):
    """Return the (layer, use, output) of a model's inputs or outputs."""
    if isinstance(described, dict):
        raise ModelError("it takes its input or gives its output by name, and not as one picture")
    if isinstance(described, list) and described and isinstance(described[0], str):
        described = [described]
    for one in described:
        if not (isinstance(one, list) and len(one) == 3 and isinstance(one[0], str)):
            raise ModelError("its description is damaged: an input or output has no place")
    return described


def _sources(node):
    """Return where a layer's inputs come from, and the numbers that stand among them."""
    if isinstance(node, list):  # as Keras 2 wrote it
        if any(len(one) > 3 and one[3] for one in node):
            raise ModelError("it was written by Keras 2: save it again with Keras 3")
        return [tuple(one[:3]) for one in node]
    for key, value in node.get("kwargs", {}).items():
        if value is not None and (key, value) not in (("training", False), ("training", True)):
            raise ModelError(f"a layer is called with {shown(key)[:40]}, which is not known here")
    sources, waiting = [], list(node["args"])
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, list):
            waiting = one + waiting
        elif isinstance(one, dict):
            sources.append(tuple(one["config"]["keras_history"]))
        else:
            sources.append(one)
        if len(waiting) > MAX_LAYERS or len(sources) > MAX_LAYERS:
            raise ModelError(f"a layer has more than {MAX_LAYERS} inputs")
    return sources


def _there(made, source):
    if not isinstance(source, (tuple, list)):
        return True
    if source[0] not in made:
        raise ModelError(f"a layer gets its input from {shown(source[0])[:60]}, which is not there")
    return operator.index(source[1]) < len(made[source[0]]) or _is_only(made, source)


def _is_only(made, source):
    # A model in a model counts from 1: its own input is its first use.
    return source[1] == 1 and len(made[source[0]]) == 1


def _value(made, source):
    if not isinstance(source, (tuple, list)):
        return source
    uses = made[source[0]]
    if source[1] < 0 or source[2] != 0:
        raise ModelError("its description is damaged: a layer has no such output")
    return uses[0] if _is_only(made, source) and source[1] >= len(uses) else uses[source[1]]


def _take_input(config, inputs, found):
    """Return what goes into a model: what it is given, or an input of the shape that it names."""
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    if config.get("sparse") or config.get("ragged"):
        raise ModelError("its input is sparse or ragged, and no picture")
    if not isinstance(shape, list) or len(shape) < 2:
        raise ModelError("it does not say what shape its input has")
    dtype = dtype_of(config.get("dtype") or "float32")
    if inputs is not None:
        _check_inner(shape[1:], inputs.shape)
        return inputs
    if shape[0] not in (None, 1) or not all(is_size(side) for side in shape[1:]):
        raise ModelError(f"its input must have one fixed size and any batch, got {shown(shape)}")
    found.input_shape, found.input_dtype = tuple(shape[1:]), dtype
    found.add("its input", values=math.prod(shape[1:]))
    return Values(tuple(shape[1:]), 1.0, 0.0)


def _check_inner(named, given):
    """Refuse a model in a model that names another input than it gets: Keras builds it by that."""
    if len(named) != len(given) or any(
        one not in (None, side) for one, side in zip(named, given, strict=True)
    ):
        raise ModelError(f"a model inside it takes {shown(named)[:60]}, and gets {given}")


def _run_layer(part, inputs, path, found):
    """Take values through one layer, and count what it costs."""
    if not isinstance(part, dict) or not isinstance(part.get("class_name"), str):
        raise ModelError("its description is damaged: a layer is none")
    kind, config = part["class_name"], part_of(part, "config")
    name = shown(config.get("name"))[:60]
    if len(found.layers) >= MAX_LAYERS or len(path) > 10:
        raise ModelError(f"it has more than {MAX_LAYERS} layers, or models ten deep")
    if kind in MODELS:
        if len(inputs) != 1:
            raise ModelError(f"the model {name} inside it takes more than one input")
        return _run_model(part, inputs[0], (*path, config.get("name")), found)
    module = part.get("module") or ""
    if module.startswith(("keras.src.ops", "keras.ops")):
        rule = OPERATIONS.get(kind)
    else:
        rule = LAYERS.get(kind)
        if not all(isinstance(one, Values) for one in inputs):
            raise ModelError(f"the layer {name} is called with a number")
    if rule is None:
        raise ModelError(f"the size of a layer {shown(kind)[:60]!r} can't be told here")
    layer = Layer(kind, name, (*path, config.get("name")), config, inputs, found)
    layer.check_quiet()
    made = rule(layer)
    if isinstance(made, tuple):  # a shape alone: the pixels were mixed
        layer.use()
        made = Values(made)
    if not all(is_size(side) for side in made.shape):
        raise ModelError(f"the layer {name} has an output of {made.shape}")
    found.add(f"the layer {name}", values=made.size)
    found.layers.append((config.get("name"), kind, made.shape))
    return made
