"""A recorder of operations on the CPU that takes and refuses what a CUDA graph takes and refuses.

What is recorded has no effect. A replay runs the same operations on the same tensors: what Python decided,
or counted, while it was recorded stays as it was. Reading a number is refused, and so is data from the host.
"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

ATEN = torch.ops.aten
REFUSED = {
    ATEN._local_scalar_dense.default,
    ATEN.is_nonzero.default,
    ATEN.nonzero.default,
    ATEN.masked_select.default,
    ATEN.lift_fresh.default,
}


class RefusedError(RuntimeError):
    """An operation that no graph may hold."""


class Tape(TorchDispatchMode):
    """Records the operations of a block, and undoes what they did to tensors from before it.

    Parameters
    ----------
    calls
        (operation, arguments, options, tensors it made), in order.
    """

    def __init__(self):
        super().__init__()
        self.calls, self.before, self.born = [], {}, set()

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        options = options or {}
        flat = [x for x in tree_flatten((arguments, options))[0] if isinstance(x, torch.Tensor)]
        masks = "index" in function.__name__ and any(x.dtype == torch.bool for x in flat[1:])
        if function in REFUSED or masks:
            raise RefusedError(f"{function} cannot be recorded")
        for declared, value in _named(function, arguments, options):
            if declared.alias_info is not None and declared.alias_info.is_write:
                self._keep([x for x in tree_flatten(value)[0] if isinstance(x, torch.Tensor)])
        found = function(*arguments, **options)
        made = [
            x
            for declared, x in zip(function._schema.returns, _listed(found), strict=False)
            if declared.alias_info is None and isinstance(x, torch.Tensor)
        ]
        self.born.update(x.untyped_storage().data_ptr() for x in made)
        self.calls.append((function, arguments, options, made))
        return found

    def _keep(self, tensors):
        for x in tensors:
            place = x.untyped_storage().data_ptr()
            if place not in self.born and place not in self.before:
                storage = x.untyped_storage()
                self.before[place] = storage, storage.clone()

    def __exit__(self, *error):
        super().__exit__(*error)
        for storage, content in self.before.values():
            storage.copy_(content)

    @torch.no_grad()
    def replay(self):
        for function, arguments, options, made in self.calls:
            again = _listed(function(*arguments, **options))
            for old, new in zip(made, again, strict=False):
                old.copy_(new)


def record(step):
    """As `steps.repeat` asks for."""
    with Tape() as tape:
        step()
    return tape.replay


def _named(function, arguments, options):
    for place, declared in enumerate(function._schema.arguments):
        if place < len(arguments):
            yield declared, arguments[place]
        elif declared.name in options:
            yield declared, options[declared.name]


def _listed(found):
    return list(found) if isinstance(found, tuple | list) else [found]
