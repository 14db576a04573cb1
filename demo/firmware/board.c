/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of the EFR32BG22C224F512, as few as this application needs.
 *
 * Sources of the addresses and bits: the device headers in the public repository
 * zephyrproject-rtos/hal_silabs, folder gecko/Device/SiliconLabs/EFR32BG22/Include
 * (efr32bg22c224f512im40.h for the base addresses; _cmu.h, _emu.h, _gpio.h, _gpio_port.h, _hfrco.h,
 * _usart.h, _devinfo.h for offsets and bits). Pins: zephyrproject-rtos/zephyr,
 * boards/silabs/dev_kits/sltb010a (LED and virtual COM port of the BRD4184B kit).
 */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
/* Each peripheral repeats its registers at these distances; a write there sets or clears bits. */
#define SET 0x1000u
#define CLEAR 0x2000u

/*
 * Base addresses are the secure ones (0x4...). All peripherals are secure after a reset (SMU
 * PPUSATD reset value), a UART bootloader for this part leaves it so (gecko_sdk, btl_main.c), and
 * this application runs in the secure state.
 */
#define EMU 0x40004000u
#define CMU 0x40008000u
#define HFRCO0 0x40010000u
#define GPIO 0x4003C000u
#define USART1 0x40060000u
#define DEVINFO 0x0FE08000u

#define EMU_TEMP (EMU + 0x88u)
#define EMU_TEMP_QUARTER_KELVIN 0x7FFu

#define CMU_CLKEN0 (CMU + 0x64u)
#define CMU_CLKEN0_USART1 (1u << 9)
#define CMU_CLKEN0_HFRCO0 (1u << 18)
#define CMU_CLKEN0_GPIO (1u << 26)
#define CMU_SYSCLKCTRL (CMU + 0x70u)
#define CMU_SYSCLKCTRL_CLKSEL 0x7u
#define CMU_SYSCLKCTRL_HFRCODPLL 2u

#define HFRCO0_CAL (HFRCO0 + 0x08u)
/* Factory calibration words for the oscillator's bands start at 0x58; band 8 is 19 MHz. */
#define DEVINFO_HFRCO_19MHZ (DEVINFO + 0x58u + 8u * 4u)
#define CLOCK_HZ 19000000u

#define GPIO_PORTA_MODEL (GPIO + 0x04u)
#define GPIO_PORTA_DOUT (GPIO + 0x10u)
#define GPIO_MODE_INPUT_PULL 2u
#define GPIO_MODE_PUSH_PULL 4u
#define GPIO_USART1_ROUTEEN (GPIO + 0x63Cu)
#define GPIO_USART1_ROUTEEN_RX (1u << 2)
#define GPIO_USART1_ROUTEEN_TX (1u << 4)
#define GPIO_USART1_RXROUTE (GPIO + 0x64Cu)
#define GPIO_USART1_TXROUTE (GPIO + 0x654u)
#define GPIO_ROUTE_PORTA(pin) ((pin) << 16) /* port number, here 0, is in bits 1..0 */

#define USART1_EN (USART1 + 0x04u)
#define USART1_CTRL (USART1 + 0x08u)
#define USART1_FRAME (USART1 + 0x0Cu)
#define USART1_FRAME_8N1 0x1005u
#define USART1_CMD (USART1 + 0x14u)
#define USART1_CMD_RXEN (1u << 0)
#define USART1_CMD_TXEN (1u << 2)
#define USART1_CMD_CLEARTX (1u << 10)
#define USART1_CMD_CLEARRX (1u << 11)
#define USART1_STATUS (USART1 + 0x18u)
#define USART1_STATUS_TXBL (1u << 6)
#define USART1_STATUS_RXDATAV (1u << 7)
#define USART1_STATUS_TXIDLE (1u << 13)
#define USART1_CLKDIV (USART1 + 0x1Cu)
#define USART1_RXDATAX (USART1 + 0x20u)
#define USART1_RXDATAX_ERRORS 0xC000u /* parity, framing */
#define USART1_TXDATA (USART1 + 0x3Cu)

/* Cortex-M33 system registers, from the Armv8-M architecture. */
#define SYSTICK_CTRL 0xE000E010u
#define SYSTICK_CTRL_CORE_CLOCK_ENABLE 0x5u
#define SYSTICK_CTRL_COUNTFLAG (1u << 16)
#define SYSTICK_LOAD 0xE000E014u
#define SYSTICK_VALUE 0xE000E018u
#define SCB_AIRCR 0xE000ED0Cu
#define SCB_AIRCR_RESET_REQUEST 0x05FA0004u

#define LED_PIN 4u
#define TX_PIN 5u
#define RX_PIN 6u
#define BAUD 115200u

/* What the bootloader looks for in the first word of SRAM: reason below, validity mark above. */
#define RESET_REASON_NONE 0u
#define RESET_REASON_BOOTLOAD 0xF00F0202u

/* Places that the linker script defines. */
extern volatile uint32_t reset_reason;
extern const volatile uint32_t bootloader_start[];
extern const uint8_t bootloader_end[];

/* Bytes that arrive while a response is being sent would overrun the two-byte hardware buffer. */
#define RING_SIZE 64u
static uint8_t ring[RING_SIZE];
static uint8_t ring_in;
static uint8_t ring_out;

/*
 * The oscillator that runs after a reset is too coarse for a UART, so take the HFRCO with its
 * factory calibration. A chip without that word keeps the reset value for the same band.
 */
static void clock_init(void) {
  REGISTER(CMU_CLKEN0 + SET) = CMU_CLKEN0_HFRCO0 | CMU_CLKEN0_GPIO | CMU_CLKEN0_USART1;

  const uint32_t calibration = REGISTER(DEVINFO_HFRCO_19MHZ);
  if (calibration != 0 && calibration != 0xFFFFFFFFu) {
    REGISTER(HFRCO0_CAL) = calibration;
  }
  REGISTER(CMU_SYSCLKCTRL) =
      (REGISTER(CMU_SYSCLKCTRL) & ~CMU_SYSCLKCTRL_CLKSEL) | CMU_SYSCLKCTRL_HFRCODPLL;

  REGISTER(SYSTICK_LOAD) = CLOCK_HZ / 1000u - 1u;
  REGISTER(SYSTICK_VALUE) = 0;
  REGISTER(SYSTICK_CTRL) = SYSTICK_CTRL_CORE_CLOCK_ENABLE;
}

static void pin_mode(uint32_t pin, uint32_t mode) {
  REGISTER(GPIO_PORTA_MODEL + CLEAR) = 0xFu << (4u * pin);
  REGISTER(GPIO_PORTA_MODEL + SET) = mode << (4u * pin);
}

static void uart_init(void) {
  /* Output levels before modes: no false start bit on TX, and a pull-up for an open RX. */
  REGISTER(GPIO_PORTA_DOUT + SET) = (1u << TX_PIN) | (1u << RX_PIN);
  pin_mode(TX_PIN, GPIO_MODE_PUSH_PULL);
  pin_mode(RX_PIN, GPIO_MODE_INPUT_PULL);

  REGISTER(USART1_EN) = 1;
  REGISTER(USART1_CTRL) = 0; /* asynchronous, 16 samples a bit */
  REGISTER(USART1_FRAME) = USART1_FRAME_8N1;
  /* Divider = 256 * (clock / (16 * baud) - 1), rounded to the 8 that the register can hold. */
  REGISTER(USART1_CLKDIV) = ((2u * CLOCK_HZ + BAUD / 2u) / BAUD - 32u) * 8u;

  REGISTER(GPIO_USART1_RXROUTE) = GPIO_ROUTE_PORTA(RX_PIN);
  REGISTER(GPIO_USART1_TXROUTE) = GPIO_ROUTE_PORTA(TX_PIN);
  REGISTER(GPIO_USART1_ROUTEEN) = GPIO_USART1_ROUTEEN_RX | GPIO_USART1_ROUTEEN_TX;
  REGISTER(USART1_CMD) = USART1_CMD_CLEARRX | USART1_CMD_CLEARTX;
  REGISTER(USART1_CMD) = USART1_CMD_RXEN | USART1_CMD_TXEN;
}

void board_init(void) {
  clock_init();
  uart_init();
  board_led(false);
  pin_mode(LED_PIN, GPIO_MODE_PUSH_PULL);
}

bool board_millisecond(void) {
  return (REGISTER(SYSTICK_CTRL) & SYSTICK_CTRL_COUNTFLAG) != 0; /* reading clears it */
}

void board_led(bool on) {
  REGISTER(GPIO_PORTA_DOUT + (on ? SET : CLEAR)) = 1u << LED_PIN;
}

/* A byte that finds the ring full is lost, as on any UART without flow control. */
static void receive(void) {
  while ((REGISTER(USART1_STATUS) & USART1_STATUS_RXDATAV) != 0) {
    const uint32_t received = REGISTER(USART1_RXDATAX);
    const uint8_t next = (uint8_t)((ring_in + 1u) % RING_SIZE);
    if ((received & USART1_RXDATAX_ERRORS) == 0 && next != ring_out) {
      ring[ring_in] = (uint8_t)received;
      ring_in = next;
    }
  }
}

bool board_uart_read(uint8_t *byte) {
  receive();
  if (ring_out == ring_in) {
    return false;
  }
  *byte = ring[ring_out];
  ring_out = (uint8_t)((ring_out + 1u) % RING_SIZE);
  return true;
}

void board_uart_write(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    do {
      receive();
    } while ((REGISTER(USART1_STATUS) & USART1_STATUS_TXBL) == 0);
    REGISTER(USART1_TXDATA) = bytes[i];
  }
}

uint32_t board_temperature(void) {
  return REGISTER(EMU_TEMP) & EMU_TEMP_QUARTER_KELVIN;
}

/* Vector 10 of a Gecko bootloader points at its table: mark, layout, version. */
uint32_t board_bootloader_version(void) {
  const uint32_t start = (uint32_t)bootloader_start;
  const uint32_t last = (uint32_t)bootloader_end - 12u;
  const uint32_t table = bootloader_start[10];

  if (table < start || table > last || (table & 3u) != 0 || REGISTER(table) != 0x5ECDB007u) {
    return 0;
  }
  return REGISTER(table + 8u);
}

static _Noreturn void reset_with(uint32_t reason) {
  reset_reason = reason;
  __asm volatile("dsb" ::: "memory"); /* the reason must be in SRAM before the reset */
  REGISTER(SCB_AIRCR) = SCB_AIRCR_RESET_REQUEST;
  for (;;) {
    __asm volatile("dsb");
  }
}

static void wait_until_sent(void) {
  while ((REGISTER(USART1_STATUS) & USART1_STATUS_TXIDLE) == 0) {
  }
}

_Noreturn void board_reset(void) {
  wait_until_sent();
  reset_with(RESET_REASON_NONE);
}

_Noreturn void board_enter_bootloader(void) {
  wait_until_sent();
  reset_with(RESET_REASON_BOOTLOAD);
}

_Noreturn void board_fault(void) {
  reset_with(RESET_REASON_BOOTLOAD);
}
