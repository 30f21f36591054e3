#!/usr/bin/env python3
"""The emulated machine on which the lab is accepted, and what it should find there.

    machine.py FILE

writes the machine for `secondwind emulate --machine FILE` (docs/emulator.md), and prints for each
model the largest context that works, and what limits it. Other tests import machine() and truth().

The largest context of a model that is alone on the machine is the largest C at or below its declared
maximum for which all of these hold, with M bytes of memory of which O are occupied, S bytes of model,
K bytes of cache for a token, and F the factor of the estimate:

    guardrail   F * (S + K * C) <= M - O                          if the machine has a guardrail
    memory      S + K * C <= M - O                                if the cache is taken at the load
                S + K * (fill(C) + OUTPUT) <= M - O               if it grows with the prompt
    crash       fill(C) + OUTPUT < crash_at                       if there is such a fault
    truncation  0.9 * fill(C) <= truncate_at                      if there is such a fault
    fit         C <= (M - O) / max(F, 1) - S, divided by K        if the host fits contexts; in steps
                                                                  of 256 tokens

fill(C) is the prompt with which the lab fills a context. It is made of lines, so it can be a line
shorter; and the lab stops its search within a tolerance. So a found maximum is right if it is at
most truth().most, and above truth().most - tolerance(truth().most).
"""

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

OUTPUT = 64  # tokens that the lab asks for
GB = 10**9


def fill(context):
    """The tokens of prompt that fill a context."""
    return context - OUTPUT - max(128, context // 50)


def tolerance(most):
    """How far below the maximum a search may end: its grid, or a part of the context."""
    grid = 256 if most < 8192 else 1024
    return max(grid, most // 32 // grid * grid)


@dataclass(frozen=True)
class Truth:
    most: int  # tokens; 0: no context works
    limit: str  # one of the conditions above, "model" for the declared maximum, or the fault


def estimate(model, context):
    """The bytes by which the guardrail judges, as the emulator computes them."""
    size = int(model["size_bytes"]) + int(model.get("kv_bytes_per_token", 0)) * context
    return int(model.get("estimate_factor", 1) * size)


def fitting(machine, model):
    """The context to which the host cuts a load."""
    room = int(machine["memory_bytes"]) - int(machine.get("occupied_bytes", 0))
    free = int(room / max(model.get("estimate_factor", 1), 1.0)) - int(model["size_bytes"])
    return free // int(model["kv_bytes_per_token"]) // 256 * 256


def truth(machine, model):
    faults = model.get("faults", {})
    for name in ("corrupt", "load", "cut_after"):
        if name in faults:
            return Truth(0, name if name != "load" else faults["load"])
    if int(model["max_context_length"]) > 10_000_000:
        return Truth(0, "complaint")
    room = int(machine["memory_bytes"]) - int(machine.get("occupied_bytes", 0))
    size = int(model["size_bytes"])
    kv = int(model.get("kv_bytes_per_token", 0))
    grows = model.get("cache") == "with_prompt"

    def obstacle(context):
        if machine.get("guardrail", True) and estimate(model, context) > room:
            return "guardrail"
        held = fill(context) + OUTPUT if grows else context
        if size + kv * held > room:
            return "memory"
        if fill(context) + OUTPUT >= faults.get("crash_at", math.inf):
            return "crash"
        if 0.9 * fill(context) > faults.get("truncate_at", math.inf):
            return "truncation"
        if "fit" in faults and context > fitting(machine, model):
            return "fit"
        return None

    declared = int(model["max_context_length"])
    if obstacle(declared) is None:
        return Truth(declared, "model")
    good, bad = 0, declared
    while bad - good > 1:
        middle = (good + bad) // 2
        if obstacle(middle) is None:
            good = middle
        else:
            bad = middle
    return Truth(good, obstacle(bad))


# Families: parameters in billions, layers, heads for keys and values, and the declared maximum. The
# cache takes 2 * layers * heads * 128 * 2 bytes a token.
FAMILIES = [
    ("qwen/qwen3", 8.2, 36, 8, 131_072),
    ("qwen/qwen3-coder", 30.5, 48, 4, 262_144),
    ("google/gemma-3", 12.2, 48, 8, 131_072),
    ("meta/llama-3.1", 8.0, 32, 8, 131_072),
    ("mistralai/mistral-small", 23.6, 40, 8, 131_072),
    ("microsoft/phi-4", 14.7, 40, 10, 16_384),
    ("openai/gpt-oss", 20.9, 24, 8, 131_072),
    ("deepseek/deepseek-r1-distill", 14.8, 48, 8, 131_072),
    ("ibm/granite-3.3", 8.2, 40, 8, 131_072),
    ("mlx/gemma-4", 7.5, 42, 4, 131_072),
]
# Bits of a weight.
QUANTIZATIONS = [("Q4_K_M", 4.85), ("Q6_K", 6.56), ("Q8_0", 8.5), ("Q3_K_L", 4.27), ("4bit", 4.5)]
# The estimate of the guardrail: sure, doubtful, too high, too low.
FACTORS = [1.0, 1.1, 1.0, 1.35, 0.8]

FAULTY = [
    ("faulty/always-corrupt", {"corrupt": True}),
    ("faulty/crashes-at-load", {"load": "crashes"}),
    ("faulty/hangs-at-load", {"load": "hangs"}),
    ("faulty/not-found-on-unload", {"corrupt": True, "unload": "not_found"}),
    ("faulty/cuts-the-connection", {"cut_after": 1}),
    ("faulty/claims-too-much", {}),
]
SOUND = 51


def language_model(number):
    family, billions, layers, heads, declared = FAMILIES[number % len(FAMILIES)]
    quantization, bits = QUANTIZATIONS[number // len(FAMILIES) % len(QUANTIZATIONS)]
    model = {
        "key": f"{family}-{number:02}",
        "size_bytes": round(billions * bits / 8 * GB),
        "max_context_length": declared,
        "default_context": 4096 if number % 4 else 8192,
        "kv_bytes_per_token": 2 * layers * heads * 128 * 2 * [1, 2, 4][number % 3],
        "estimate_factor": FACTORS[number % len(FACTORS)],
        "prompt_tps": round(26_000 / billions),
        "tps": round(700 / billions, 1),
        "speed_halves_at": 60_000 + 1000 * number,
        "quantization": quantization,
        "params": f"{billions:.0f}B",
    }
    faults = {}
    if family.startswith("mlx/") or quantization == "4bit":
        model |= {"format": "mlx", "quantization": "4bit", "cache": "with_prompt"}
    if number % 9 == 4:
        model["reasoning"] = ["on", "off"]
    if number % 11 == 5:
        model["estimate_confidence"] = "low"
    if number % 13 == 6:
        faults["corrupt_at"] = [8192]
    if number % 17 == 8:
        faults["crash_at"] = 24_000
    if number % 20 == 14:
        faults["beyond_memory"] = "crashes"
    if number % 29 == 10:
        faults["truncate_at"] = 30_000
    if number % 31 == 12:
        faults["fit"] = "down"
    if number % 23 == 11:
        faults["memory_freed_after_ms"] = 2
        faults["listed_after_unload_ms"] = 2
    if faults:
        model["faults"] = faults
    return model


def embedding_model(number):
    return {
        "key": f"text-embedding-{number:02}",
        "type": "embedding",
        "size_bytes": (150 + 90 * number) * 10**6,
        "max_context_length": [512, 2048, 8192][number % 3],
        "default_context": [512, 2048, 2048][number % 3],
        "kv_bytes_per_token": 24_576,
        "dimensions": [384, 768, 1024][number % 3],
        "quantization": "F16",
    }


def machine():
    """57 models: 51 sound ones, of which some have holes and lying estimates, and 6 faulty ones."""
    language = [language_model(number) for number in range(SOUND - 5)]
    embedding = [embedding_model(number) for number in range(5)]
    faulty = [
        {**language_model(number), "key": key, "size_bytes": 2 * GB + number, "faults": faults}
        for number, (key, faults) in enumerate(FAULTY)
    ]
    faulty[-1]["max_context_length"] = 20_000_000
    return {
        "memory_bytes": 40 * GB,
        "occupied_bytes": 2 * GB,
        "models": language + embedding + faulty,
        "loaded": [
            {"model": language[0]["key"], "context_length": 16_384},
            {"model": embedding[1]["key"], "just_in_time": True},
        ],
    }


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    made = machine()
    Path(sys.argv[1]).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    for model in made["models"]:
        found = truth(made, model)
        print(f"{model['key']:<40} {found.most:>9,} {found.limit}")


if __name__ == "__main__":
    main()
