/* SPDX-License-Identifier: Apache-2.0 */
/* Vector table, application properties and the code that runs before main. */
#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "version.h"

#define EXTERNAL_INTERRUPTS 64
#define SCB_VTOR (*(volatile uint32_t *)0xE000ED08u)

/* What a Gecko bootloader and image tools read from an application. */
struct application_properties {
  uint8_t magic[16];
  uint32_t struct_version;
  uint32_t signature_type;
  uint32_t signature_location;
  uint32_t type;
  uint32_t version;
  uint32_t capabilities;
  uint8_t product_id[16];
  const void *certificate;
  const void *long_tokens;
  uint8_t decryption_key[16];
};

struct vector_table {
  const void *initial_stack;
  void (*reset)(void);
  void (*exceptions[11])(void);
  const struct application_properties *properties; /* word 13, unused by the processor */
  void (*pendsv)(void);
  void (*systick)(void);
  void (*interrupts[EXTERNAL_INTERRUPTS])(void);
};

_Static_assert(offsetof(struct application_properties, product_id) == 40, "layout");
_Static_assert(offsetof(struct vector_table, properties) == 52, "layout");

extern uint32_t stack_top[];
extern const uint32_t data_load[];
extern uint32_t data_start[];
extern uint32_t data_end[];
extern uint32_t bss_start[];
extern uint32_t bss_end[];
extern const uint8_t image_end[];

int main(void);
void reset_handler(void);

/*
 * No interrupt is used, so whatever gets here is a fault. Handing over to the bootloader means
 * that even a broken build can be replaced over the same wire.
 */
static void fault_handler(void) {
  board_fault();
}

__attribute__((section(".properties"), used))
const struct application_properties application_properties = {
  .magic = { 0x13, 0xb7, 0x79, 0xfa, 0xc9, 0x25, 0xdd, 0xb7,
             0xad, 0xf3, 0xcf, 0xe0, 0xf1, 0xb6, 0x14, 0xb8 },
  .struct_version = 0x0201,
  .signature_type = 0, /* none */
  .signature_location = (uint32_t)image_end, /* where one would go */
  .type = 0x20, /* Bluetooth application */
  .version = THERMO_MAJOR << 16 | THERMO_MINOR << 8 | THERMO_PATCH,
  .capabilities = 0,
  .product_id = { 0x15, 0x31, 0x7d, 0x3a, 0xd6, 0x6b, 0x47, 0x0f,
                  0xbe, 0x76, 0x96, 0x62, 0x6f, 0x05, 0x55, 0x9b },
};

__attribute__((section(".vectors"), used))
const struct vector_table vectors = {
  .initial_stack = stack_top,
  .reset = reset_handler,
  .exceptions = { [0 ... 10] = fault_handler },
  .properties = &application_properties,
  .pendsv = fault_handler,
  .systick = fault_handler,
  .interrupts = { [0 ... EXTERNAL_INTERRUPTS - 1] = fault_handler },
};

void reset_handler(void) {
  const uint32_t *from = data_load;

  /* The bootloader has done this already; a debugger that starts here has not. */
  SCB_VTOR = (uint32_t)&vectors;

  for (uint32_t *to = data_start; to < data_end; to++) {
    *to = *from++;
  }
  for (uint32_t *to = bss_start; to < bss_end; to++) {
    *to = 0;
  }
  (void)main();
  fault_handler();
}
