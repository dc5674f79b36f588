# cmake/embed.cmake - cmake -DTO=FILE.c -DFROM=conf/profiles -P: the YAML files of FROM as octets in C.
#
# Run by the build, in the source folder; the program then needs no file to know its profiles.
file(GLOB files "${FROM}/*.yaml")
list(SORT files)
set(octets "")
set(rows "")
set(n 0)
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  string(APPEND octets "static const uint8_t file_${n}[] = { ${hex} };\n")
  string(APPEND rows "\t{ \"conf/profiles/${name}\", { file_${n}, sizeof(file_${n}) } },\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE "${TO}" "/* Made by cmake/embed.cmake. */
#include \"ca/profile_builtin.h\"

${octets}
const struct profile_file profile_builtin[] = {
${rows}};
const size_t profile_builtin_n = ${n};
")
