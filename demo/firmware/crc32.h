/* SPDX-License-Identifier: Apache-2.0 */
#ifndef THERMO_CRC32_H
#define THERMO_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32/ISO-HDLC, the CRC of zlib and of GBL files. */
uint32_t crc32(const uint8_t *data, size_t size);

#endif
