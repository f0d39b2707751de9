package table_test
import ("testing";"time";"syscall";"github.com/postern-gateway/postern/pkg/table")
func cpu() time.Duration { var u syscall.Rusage; syscall.Getrusage(0,&u); return time.Duration(u.Utime.Nano()+u.Stime.Nano()) }
func TestDbg(t *testing.T){
 for _, p := range []string{"/tmp/pn/p6/out.parquet"} {
  f, err := table.Open(p)
  if err!=nil {t.Log(p,err); continue}
  for k:=0;k<3;k++{
  for _,c := range f.Columns()[1:] {
   b := cpu(); nulls:=0; fresh:=0; vals:=0
   err := f.Pages(c.Name, func(p table.Page) error {nulls+=p.Nulls; if p.Fresh {fresh++; vals+=p.Values.Len()}; return nil})
   t.Log(c, err, f.Rows(), nulls, fresh, vals, float64(cpu()-b)/float64(f.Rows()), "ns/cell")
  }}
 }}
