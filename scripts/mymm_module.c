// SPDX-License-Identifier: GPL-2.0
/*
 * The module with other parameters, for replay --compare and report --compare.
 *
 * For each configuration the module is loaded anew with that as its parameters, so that what can
 * be chosen is what the module offers, and each begins as if nothing had been before. At the end
 * the module is as it was: loaded with the parameters that it had, or not loaded. A
 * configuration that the module refuses ends all.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "mymm_bytes.h"
#include "mymm_trace.h"

#define PARAMETERS "/sys/module/mymm/parameters"

static bool loaded(void)
{
	return !access("/sys/module/mymm/initstate", F_OK);
}

/* As finit_module() wants them: name="value" name="value". */
static void read_parameters(struct bytes *to)
{
	DIR *folder = opendir(PARAMETERS);
	struct dirent *entry;

	bytes_add(to, "", 0);
	while (folder && (entry = readdir(folder))) {
		struct bytes value = { 0 };
		char path[512];

		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), PARAMETERS "/%s", entry->d_name);
		if (!bytes_file(&value, path) && value.len > 1) {
			value.at[value.len - 1] = 0; /* its newline */
			bytes_print(to, "%s=\"%s\" ", entry->d_name, value.at);
		}
		bytes_free(&value);
	}
	if (folder)
		closedir(folder);
}

static int unload(void)
{
	if (!loaded() || !syscall(SYS_delete_module, "mymm", O_NONBLOCK))
		return OK;
	if (errno == EPERM)
		return failed(errno, "to load the module anew is for root");
	return failed(errno,
		      "the module can't be loaded anew: %s: it is in use",
		      strerror(errno));
}

/* 0, or a positive errno. */
static int load(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno;
	if (syscall(SYS_finit_module, fd, parameters, 0))
		err = errno;
	close(fd);
	return err;
}

const char *module_path(void)
{
	static char path[256];
	struct utsname name;

	if (!access("mymm.ko", R_OK))
		return "mymm.ko";
	uname(&name);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/mymm.ko",
		 name.release);
	return path;
}

size_t split(char *text, char at, const char **part, size_t most)
{
	size_t nr = 0;

	while (text && nr < most) {
		char *end = strchr(text, at);

		if (end)
			*end++ = 0;
		part[nr++] = text;
		text = end;
	}
	return nr;
}

static int load_anew(const struct config *config)
{
	int rc = unload(), err;

	if (rc)
		return rc;
	err = load(config->ko, config->parameters);
	if (!err)
		return OK;
	return failed(err, "%s with '%s': %s%s", config->ko, config->parameters,
		      strerror(err),
		      err == EINVAL ? ": the kernel's log says why" : "");
}

int with_configs(const struct config *config, size_t nr,
		 int (*run)(void *data, size_t i), void *data)
{
	struct bytes before = { 0 };
	bool was = loaded();
	int rc = OK, err;

	for (size_t i = 0; i < nr; i++)
		if (access(config[i].ko, R_OK))
			return failed(errno, "%s: %s: which module? --ko FILE",
				      config[i].ko, strerror(errno));
	if (was)
		read_parameters(&before);
	for (size_t i = 0; i < nr && !rc; i++)
		rc = load_anew(&config[i]) ?: run(data, i);
	/* If the first could not be unloaded, it is as it was, and the error is known. */
	err = unload();
	if (err) {
		rc = rc ?: err;
	} else if (was) {
		err = load(config[0].ko, before.at);
		if (err)
			rc = failed(err, "%s can't be loaded as it was: %s",
				    config[0].ko, strerror(err));
	}
	bytes_free(&before);
	return rc;
}
