# Each target sets itself up in .venv; the first install compiles llama.cpp once (see README, "First install").
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check
# Other builds: make demo CMAKE_ARGS="-DGGML_CUDA=on" (NVIDIA) or "-DGGML_METAL=on" (Apple).
export CMAKE_ARGS += -DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama_cpp_INCLUDE=$(CURDIR)/tools/llama_cpp_build.cmake

.PHONY: demo test check wheel bench pocket clean

demo: $(VENV)/.ready
	$(RUN) -m harness run

test: $(VENV)/.ready
	$(RUN) -m pytest

check: $(VENV)/.ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache
	$(RUN) -m pytest tests/style

wheel: $(VENV)/.ready
	$(RUN) tools/wheel_smoke.py

bench: $(VENV)/.ready
	$(RUN) benchmarks/score.py

# Makes the model and suite that ship in assets/pocket and suites/ again: about three hours on two cores.
pocket: $(VENV)/.ready
	$(PIP) install --quiet --constraint constraints.txt torch tokenizers safetensors gguf
	$(RUN) -m tools.pocket

$(VENV)/.ready: pyproject.toml constraints.txt tools/llama_cpp_build.cmake
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "Installing Python packages ..."
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	@echo "Installing llama-cpp-python (the first time it is compiled: minutes) ..."
	$(PIP) install --verbose --constraint constraints.txt '.[llama-cpp]' --no-deps 2>&1 | tail -0
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache dist build
