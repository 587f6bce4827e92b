/*
 * A machine whose clock a test can set: preloaded (LD_PRELOAD) into one process, it moves the time of day that
 * process sees by the milliseconds in the file that TEST_CLOCK_FILE names. Other clocks stay what they are.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *ahead_ms;

__attribute__((constructor)) static void map_file(void) {
  const char *path = getenv("TEST_CLOCK_FILE");
  int file = path ? open(path, O_RDONLY) : -1;
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof *ahead_ms, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) ahead_ms = mapped;
  close(file);
}

static void time_of_day(struct timespec *moment) {
  syscall(SYS_clock_gettime, CLOCK_REALTIME, moment);
  int64_t ns = (ahead_ms ? *ahead_ms : 0) % 1000 * 1000000 + moment->tv_nsec;
  moment->tv_sec += (ahead_ms ? *ahead_ms : 0) / 1000;
  if (ns < 0) { ns += 1000000000; moment->tv_sec -= 1; }
  if (ns >= 1000000000) { ns -= 1000000000; moment->tv_sec += 1; }
  moment->tv_nsec = ns;
}

int clock_gettime(clockid_t clock, struct timespec *moment) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return syscall(SYS_clock_gettime, clock, moment);
  time_of_day(moment);
  return 0;
}

int gettimeofday(struct timeval *restrict moment, void *restrict zone) {
  struct timespec now;
  (void)zone;
  time_of_day(&now);
  moment->tv_sec = now.tv_sec;
  moment->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *moment) {
  struct timespec now;
  time_of_day(&now);
  if (moment) *moment = now.tv_sec;
  return now.tv_sec;
}
