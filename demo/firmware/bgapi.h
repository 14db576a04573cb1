/* SPDX-License-Identifier: Apache-2.0 */
/* A very small BGAPI target: enough to be told to reset or to start the bootloader. */
#ifndef THERMO_BGAPI_H
#define THERMO_BGAPI_H

#include <stddef.h>
#include <stdint.h>

/* Vendor hosts never send a longer payload, so a longer length field is noise. */
#define BGAPI_MAX_PAYLOAD 256u
#define BGAPI_BOOT_EVENT_SIZE 22u
#define BGAPI_RESPONSE_SIZE 6u

enum bgapi_action {
  BGAPI_NOTHING,
  BGAPI_RESPOND,
  BGAPI_RESET,
  BGAPI_ENTER_BOOTLOADER
};

/* Zero-initialised is ready for use. No payload is stored: only its first byte matters here. */
struct bgapi_parser {
  uint8_t header[4];
  uint8_t header_size;
  uint8_t first_byte;
  uint16_t payload_size;
  uint16_t payload_seen;
  uint16_t silence_ms;
};

struct bgapi_boot_info {
  uint16_t major;
  uint16_t minor;
  uint16_t patch;
  uint16_t build;
  uint32_t bootloader;
  uint16_t hardware;
  uint32_t hash;
};

/* Takes one received byte. `response` is filled only when BGAPI_RESPOND is returned. */
enum bgapi_action bgapi_feed(struct bgapi_parser *parser, uint8_t byte,
                             uint8_t response[BGAPI_RESPONSE_SIZE]);

/* To be called every millisecond: forgets half a command after a second without a byte. */
void bgapi_tick(struct bgapi_parser *parser);

/* Writes the system_boot event. */
void bgapi_boot_event(uint8_t event[BGAPI_BOOT_EVENT_SIZE], const struct bgapi_boot_info *info);

#endif
