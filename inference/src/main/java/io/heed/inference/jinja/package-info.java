/**
 * The part of Jinja that chat templates use: output, set, if, for, macros, filters, tests, and Python's methods of
 * strings, lists and dictionaries; blocks are trimmed as HuggingFace has it. Templates come from strangers: they reach
 * nothing but what they are given.
 */
package io.heed.inference.jinja;
