# Each target sets itself up in .venv; the first install compiles llama.cpp once (see README, "First install").
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check
# Other builds: make demo CMAKE_ARGS="-DGGML_CUDA=on" (NVIDIA) or "-DGGML_METAL=on" (Apple).
export CMAKE_ARGS
override CMAKE_ARGS += -DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama_cpp_INCLUDE=$(CURDIR)/tools/llama_cpp_build.cmake

# Of pip's verbose output only the compiler's "[12/80]" steps, every tenth; all of it is in install.log.
SHOW_COMPILE := awk '/\[[0-9]+\/[0-9]+\]/ {if (n++ % 10 == 0) print "  compiling", $$1} {fflush()}'

.PHONY: demo test test-browser test-runtimes check wheel bench coverage pocket screenshots clean

demo: $(VENV)/.ready
	$(RUN) -m harness run

# Two at a time, and then one by one those that a busy neighbour would disturb; the browser's have a target of their own.
test: $(VENV)/.ready
	$(RUN) -m pytest --ignore=tests/browser -n 2 --dist worksteal -m 'not alone'
	$(RUN) -m pytest --ignore=tests/browser -m alone

# Every runtime in an environment of its own (gigabytes the first time): make test-runtimes RUNTIMES="vllm llama-cpp"
test-runtimes: $(VENV)/.ready  # uv makes them several times as fast; setup chooses the flags of each build itself
	$(PIP) install --quiet uv
	env -u CMAKE_ARGS PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(RUN) tools/test_runtimes.py $(RUNTIMES)

# The reports in a real Chromium, which is installed where there is none (Debian, as root): make test-browser WORDS="-k dark"
test-browser: $(VENV)/.browser
	$(RUN) -m tools.test_browser $(WORDS)

check: $(VENV)/.ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache
	$(RUN) -m pytest tests/style

wheel: $(VENV)/.ready
	$(RUN) tools/wheel_smoke.py

bench: $(VENV)/.ready
	$(RUN) benchmarks/score.py

# What the statistics promise and keep: simulation with known truth, writes tables and pictures into docs/.
coverage: $(VENV)/.ready
	$(RUN) -m benchmarks.coverage
	$(RUN) -m benchmarks.coverage_rounds

# The pictures of docs/, from the newest run in results/; from a demo where there is none.
screenshots: $(VENV)/.browser
	ls results/*/plans/*.json >/dev/null 2>&1 || $(RUN) -m harness run
	$(RUN) -m tools.screenshots

# Makes the model and suite that ship in assets/pocket and suites/ again: about three hours on two cores.
pocket: $(VENV)/.ready
	$(PIP) install --quiet --constraint constraints.txt torch tokenizers safetensors gguf
	$(RUN) -m tools.pocket

$(VENV)/.ready: pyproject.toml constraints.txt tools/llama_cpp_build.cmake
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV); the first time llama.cpp is compiled, some minutes ..."
	set -o pipefail; $(PIP) install --verbose --constraint constraints.txt --editable '.[dev,llama-cpp]' 2>&1 \
		| tee $(VENV)/install.log | $(SHOW_COMPILE) || { tail -n 30 $(VENV)/install.log; exit 1; }
	touch $@

$(VENV)/.browser: $(VENV)/.ready
	$(PIP) install --quiet --constraint constraints.txt --editable '.[browser]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache dist build
