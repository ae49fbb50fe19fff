# Shortens the compile of llama-cpp-python, whose build forces llama.cpp's "common" library on.
# Used as CMAKE_ARGS="-DCMAKE_PROJECT_llama_cpp_INCLUDE=<this file>". It changes what is built, not how it runs:
# the bindings load libllama and libggml only, and a normal variable shadows the forced cache entry (CMake policy CMP0126).
set(LLAMA_BUILD_COMMON OFF)
# 130 small model files share their headers; compiled in groups they parse them once. ggml cannot be grouped so.
cmake_language(DEFER CALL set_target_properties llama PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 24)
