#!/bin/sh
# Builds llama-server from the source distribution of llama-cpp-python at the pinned version, for runtime=llama_server.
#   tools/llama_server.sh FOLDER [CMAKE_OPTION...]     e.g. tools/llama_server.sh build/llama-server -DGGML_CUDA=on
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
cmake --build "$folder/build" --target llama-server --parallel "${JOBS:-2}"
cp "$folder/build/bin/llama-server" "$folder/llama-server"
echo "$folder/llama-server"
