/* SPDX-License-Identifier: Apache-2.0 */
#include "bgapi.h"
#include "board.h"
#include "crc32.h"
#include "led.h"
#include "version.h"

#define HARDWARE_REVISION 1

extern const uint8_t image_start[];
extern const uint8_t image_end[];

/*
 * The hash field is the CRC-32 of the flashed image, which equals the CRC-32 of the .bin file: a
 * host can tell from the event alone that every byte of an update has arrived.
 */
static void announce(void) {
  const struct bgapi_boot_info info = {
    .major = THERMO_MAJOR,
    .minor = THERMO_MINOR,
    .patch = THERMO_PATCH,
    .build = THERMO_BUILD,
    .bootloader = board_bootloader_version(),
    .hardware = HARDWARE_REVISION,
    .hash = crc32(image_start, (size_t)(image_end - image_start)),
  };
  uint8_t event[BGAPI_BOOT_EVENT_SIZE];

  bgapi_boot_event(event, &info);
  board_uart_write(event, sizeof event);
}

static void handle(struct bgapi_parser *parser, uint8_t byte) {
  uint8_t response[BGAPI_RESPONSE_SIZE];

  switch (bgapi_feed(parser, byte, response)) {
    case BGAPI_RESPOND:
      board_uart_write(response, sizeof response);
      break;
    case BGAPI_RESET:
      board_reset();
    case BGAPI_ENTER_BOOTLOADER:
      board_enter_bootloader();
    case BGAPI_NOTHING:
    default:
      break;
  }
}

int main(void) {
  struct bgapi_parser parser = { 0 };
  struct led led = { 0 };
  uint8_t byte;

  board_init();
  announce();

  for (;;) {
    while (board_uart_read(&byte)) {
      handle(&parser, byte);
    }
    if (board_millisecond()) {
      bgapi_tick(&parser);
      board_led(led_tick(&led, board_temperature()));
    }
  }
}
