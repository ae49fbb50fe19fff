#!/bin/sh
# Builds llama.cpp's own programs from the source distribution of llama-cpp-python at the pinned version: llama-server
# for runtime=llama_server, llama-bench and llama-batched-bench for benchmarks/llama_bench.py.
#   tools/llama_tools.sh FOLDER [CMAKE_OPTION...]     e.g. tools/llama_tools.sh build/llama -DGGML_CUDA=on
# Leaves FOLDER/llama-server: put it on PATH, or give runtime.options.program=FOLDER/llama-server.
set -eu
folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
version=$(sed -n 's/.*"llama-cpp-python==\([0-9.]*\)".*/\1/p' "$root/pyproject.toml")
archive=$folder/llama_cpp_python-$version.tar.gz
test -f "$archive" || "$python" -m pip download --no-deps --no-binary llama-cpp-python --dest "$folder" \
    "llama-cpp-python==$version"
tar -xzf "$archive" -C "$folder"
# The web page and its download are left out; everything is linked into one file, without OpenSSL.
cmake -S "$folder/llama_cpp_python-$version/vendor/llama.cpp" -B "$folder/build" -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_SHARED_LIBS=OFF -DLLAMA_BUILD_SERVER=ON -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
    -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF "$@"
programs="llama-server llama-bench llama-batched-bench"
cmake --build "$folder/build" --target $programs --parallel "${JOBS:-2}"
for program in $programs; do
    cp "$folder/build/bin/$program" "$folder/$program"
    echo "$folder/$program"
done
