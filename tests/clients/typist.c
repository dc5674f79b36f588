/*
 * tests/clients/typist.c - a person at a terminal: types a line whenever a program asks.
 *
 * typist ANSWER... -- COMMAND...: runs COMMAND on a terminal of its own, puts
 * out what it says, and types the next ANSWER each time that ends with ": ".
 * Exits as COMMAND does.
 */
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
attend(int terminal, char **answer)
{
	char text[4096], last[2] = "";
	ssize_t n;

	while ((n = read(terminal, text, sizeof(text))) > 0) {
		(void)fwrite(text, 1, (size_t)n, stdout);
		(void)fflush(stdout);
		last[0] = n > 1 ? text[n - 2] : last[1];
		last[1] = text[n - 1];
		if (memcmp(last, ": ", 2) == 0 && strcmp(*answer, "--") != 0) {
			if (dprintf(terminal, "%s\n", *answer) < 0)
				return;
			answer++;
		}
	}
}

int
main(int argc, char **argv)
{
	int terminal, status, i = 1;
	pid_t pid;

	while (i < argc && strcmp(argv[i], "--") != 0)
		i++;
	if (i + 1 >= argc) {
		(void)fprintf(stderr, "usage: typist ANSWER... -- COMMAND...\n");
		return 2;
	}
	if ((pid = forkpty(&terminal, NULL, NULL, NULL)) < 0)
		return 2;
	if (pid == 0) {
		(void)execvp(argv[i + 1], argv + i + 1);
		_exit(127);
	}
	attend(terminal, argv + 1);
	if (waitpid(pid, &status, 0) != pid)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
