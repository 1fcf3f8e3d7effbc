/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_EXPORT_H
#define CENTRO_EXPORT_H

/**
 * @file
 * What marks a function as part of the promised interface. A symbol leaves
 * the shared library only if it carries CENTRO_API and stands in the
 * library's version map.
 */

#if defined(__GNUC__)
#define CENTRO_API __attribute__((visibility("default")))
#define CENTRO_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define CENTRO_API
#define CENTRO_PRINTF(text, first)
#endif

#endif
