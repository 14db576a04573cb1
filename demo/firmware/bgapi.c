/* SPDX-License-Identifier: Apache-2.0 */
#include "bgapi.h"

#include <stdbool.h>

#define DEVICE_TYPE_MASK 0x78u /* encryption flag and device type bits of byte 0 */
#define DEVICE_TYPE_BLUETOOTH 0x20u
#define EVENT_FLAG 0x80u

#define CLASS_SYSTEM 0x01u
#define SYSTEM_RESET 0x01u
#define SYSTEM_BOOT_EVENT 0x00u
#define CLASS_USER 0xFFu
#define USER_RESET_TO_DFU 0x02u

#define STATUS_NOT_SUPPORTED 0x000Fu
#define SILENCE_LIMIT_MS 1000u

static uint16_t payload_size(const uint8_t header[4]) {
  return (uint16_t)(((header[0] & 0x07u) << 8) | header[1]);
}

/* Can the header bytes seen so far be the start of a command? */
static bool plausible(const struct bgapi_parser *parser) {
  if ((parser->header[0] & DEVICE_TYPE_MASK) != DEVICE_TYPE_BLUETOOTH) {
    return false;
  }
  return parser->header_size < 2 || payload_size(parser->header) <= BGAPI_MAX_PAYLOAD;
}

/* Drops one byte only, because the real start may be among the bytes after it. */
static void drop_first_byte(struct bgapi_parser *parser) {
  parser->header_size--;
  for (uint8_t i = 0; i < parser->header_size; i++) {
    parser->header[i] = parser->header[i + 1];
  }
}

static void forget(struct bgapi_parser *parser) {
  parser->header_size = 0;
  parser->payload_size = 0;
  parser->payload_seen = 0;
  parser->silence_ms = 0;
}

static enum bgapi_action dispatch(const struct bgapi_parser *parser,
                                  uint8_t response[BGAPI_RESPONSE_SIZE]) {
  const uint8_t class_id = parser->header[2];
  const uint8_t method = parser->header[3];

  if ((parser->header[0] & EVENT_FLAG) != 0) {
    return BGAPI_NOTHING; /* an event is never a command, so nobody waits for a reply */
  }
  if (class_id == CLASS_SYSTEM && method == SYSTEM_RESET && parser->payload_size == 1) {
    if (parser->first_byte == 0) {
      return BGAPI_RESET;
    }
    /* 1 asks for UART DFU, 2 for DFU over the air; this device has one bootloader for both. */
    if (parser->first_byte == 1 || parser->first_byte == 2) {
      return BGAPI_ENTER_BOOTLOADER;
    }
  }
  if (class_id == CLASS_USER && method == USER_RESET_TO_DFU && parser->payload_size == 0) {
    return BGAPI_ENTER_BOOTLOADER;
  }

  response[0] = DEVICE_TYPE_BLUETOOTH;
  response[1] = 2;
  response[2] = class_id;
  response[3] = method;
  response[4] = STATUS_NOT_SUPPORTED & 0xFFu;
  response[5] = STATUS_NOT_SUPPORTED >> 8;
  return BGAPI_RESPOND;
}

enum bgapi_action bgapi_feed(struct bgapi_parser *parser, uint8_t byte,
                             uint8_t response[BGAPI_RESPONSE_SIZE]) {
  parser->silence_ms = 0;

  if (parser->header_size < sizeof parser->header) {
    parser->header[parser->header_size] = byte;
    parser->header_size++;
    while (parser->header_size > 0 && !plausible(parser)) {
      drop_first_byte(parser);
    }
    if (parser->header_size < sizeof parser->header) {
      return BGAPI_NOTHING;
    }
    parser->payload_size = payload_size(parser->header);
    parser->payload_seen = 0;
  } else {
    if (parser->payload_seen == 0) {
      parser->first_byte = byte;
    }
    parser->payload_seen++;
  }

  if (parser->payload_seen < parser->payload_size) {
    return BGAPI_NOTHING;
  }
  const enum bgapi_action action = dispatch(parser, response);
  forget(parser);
  return action;
}

void bgapi_tick(struct bgapi_parser *parser) {
  if (parser->header_size == 0) {
    return;
  }
  parser->silence_ms++;
  if (parser->silence_ms >= SILENCE_LIMIT_MS) {
    forget(parser);
  }
}

/* The wire is little-endian whatever the compiler's target is. */
static uint8_t *put(uint8_t *to, uint32_t value, unsigned size) {
  for (unsigned i = 0; i < size; i++) {
    *to++ = (uint8_t)(value >> (8 * i));
  }
  return to;
}

void bgapi_boot_event(uint8_t event[BGAPI_BOOT_EVENT_SIZE], const struct bgapi_boot_info *info) {
  uint8_t *to = event;

  to = put(to, EVENT_FLAG | DEVICE_TYPE_BLUETOOTH, 1);
  to = put(to, BGAPI_BOOT_EVENT_SIZE - 4, 1);
  to = put(to, CLASS_SYSTEM, 1);
  to = put(to, SYSTEM_BOOT_EVENT, 1);
  to = put(to, info->major, 2);
  to = put(to, info->minor, 2);
  to = put(to, info->patch, 2);
  to = put(to, info->build, 2);
  to = put(to, info->bootloader, 4);
  to = put(to, info->hardware, 2);
  (void)put(to, info->hash, 4);
}
