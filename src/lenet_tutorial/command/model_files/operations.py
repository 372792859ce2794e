"""What operations make of their input, where a model was written as ``x / 255`` or the like."""

from ..._inputs import shown
from .checked_layer import operation
from .flow import Values
from .layers import broadcast, line, reshaped


@operation("TrueDivide Divide Multiply Add Subtract")
def _arithmetic(layer):
    """Return a line of values and a number; of two values, what the layers that join return."""
    numbers = [one for one in layer.inputs if not isinstance(one, Values)]
    if len(layer.inputs) != 2 or len(numbers) == 2:
        layer.refuse("takes two inputs")
    if not numbers:
        return broadcast(layer)
    (number,), first = numbers, isinstance(layer.inputs[0], Values)
    layer.inputs = [one for one in layer.inputs if isinstance(one, Values)]
    if layer.kind in ("TrueDivide", "Divide"):
        if not first or not number:
            layer.refuse("divides a number, or by zero")
        return line(layer, 1 / number, 0.0)
    if layer.kind == "Multiply":
        return line(layer, number, 0.0)
    if layer.kind == "Add":
        return line(layer, 1.0, number)
    return line(layer, 1.0, -number) if first else line(layer, -1.0, number)


@operation("Relu Relu6 Sigmoid Tanh Gelu Elu Selu Silu Softplus")
@operation("Softmax", "axis")
def _curve(layer):
    return layer.shape


@operation("Reshape", "newshape")
def _reshape_operation(layer):
    target = layer.config.get("newshape")
    if not isinstance(target, list) or not target or target[0] not in (-1, None):
        layer.refuse(f"has the shape {shown(repr(target))[:60]}")
    return reshaped(layer, target[1:])
