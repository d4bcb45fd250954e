/* fsync and fdatasync that fail at random while the file $FAULTY_SYNC is there: of 100 calls as many as it says. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(void) {
  static unsigned seed;
  const char *path = getenv("FAULTY_SYNC");
  char percent[8] = "";
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return 0;
  ssize_t length = read(file, percent, sizeof percent - 1);
  close(file);
  if (!seed) seed = (unsigned)atoi(getenv("FAULTY_SEED")) + (unsigned)getpid();
  return length > 0 && rand_r(&seed) % 100 < atoi(percent);
}

static int pass(long call, int file) {
  if (!fails()) return (int)syscall(call, file);
  errno = EIO;
  return -1;
}

int fsync(int file) { return pass(SYS_fsync, file); }
int fdatasync(int file) { return pass(SYS_fdatasync, file); }
