# Runs a command and says what it took: exit code, wall and cpu seconds, peak memory in KiB, all of its children's included.
# perl, because it is part of every Debian, and because Node can't ask for the use of resources by its children. A command that was
# started by Node itself would also begin with Node's own peak.
use strict;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
my $getrusage = (POSIX::uname())[4] eq 'x86_64' ? 98 : 165;
use POSIX ();
my $from = clock_gettime(CLOCK_MONOTONIC);
my $pid = fork // die "fork: $!";
if ($pid == 0) {
  open STDOUT, '>', '/dev/null';
  exec @ARGV;
  POSIX::_exit(127);
}
waitpid $pid, 0;
my $status = $?;
my $wall = clock_gettime(CLOCK_MONOTONIC) - $from;
my $usage = "\0" x 144;
syscall($getrusage, -1, $usage);
my ($user, $user_micro, $system, $system_micro, $peak) = unpack 'q5', $usage;
printf "%d %.6f %.6f %d\n", $status >> 8 || $status & 127, $wall, $user + $system + ($user_micro + $system_micro) / 1e6, $peak;
