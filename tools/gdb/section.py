"""Makes assembler text of gdb's commands, for a section from which gdb runs them: section.py SCRIPT OUTPUT"""
import sys

script, output = sys.argv[1:]
with open(script, "rb") as f, open(output, "w") as out:
    out.write('\t.section .debug_gdb_scripts, "MS", %progbits, 1\n')
    out.write('\t.byte 4\n\t.ascii "rill-gdb.py\\n"\n')  # 4: Python, in place
    for line in f:
        out.write('\t.ascii "%s"\n' % "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else "\\%03o" % b for b in line))
    out.write('\t.byte 0\n\t.section .note.GNU-stack, "", %progbits\n')
