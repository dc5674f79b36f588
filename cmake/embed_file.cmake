# cmake/embed_file.cmake - cmake -DTO=FILE.c -DFROM=FILE -DNAME=openapi_document -DHEADER=daemon/openapi.h -P: one file as
# octets in C, a struct octets of that name.
file(READ "${FROM}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE "${TO}" "/* Made by cmake/embed_file.cmake. */
#include \"${HEADER}\"

static const uint8_t text[] = { ${hex} };
const struct octets ${NAME} = { text, sizeof(text) };
")
